"""A model as an app of static files that runs in the browser of a phone, without a network."""
