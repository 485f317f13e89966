"""Dark showers among QCD events, from event images."""
