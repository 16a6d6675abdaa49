"""The demo's city: hand-written neighbours and listings, and as many more as are asked for, the same for one seed."""
