"""Clinical facts as data, and the one loader that checks them."""
