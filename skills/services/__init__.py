"""The acts on concepts and listings; import the module you need by its full path."""
