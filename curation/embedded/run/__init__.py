"""The processes of the embedded Argilla: started, watched, restarted, stopped."""
