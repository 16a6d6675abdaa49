"""Django's database for one file, with errors that hold nothing back."""
