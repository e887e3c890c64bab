"""Guards against what strangers bring: links in place of files, packed bombs, text that plays with a terminal."""
