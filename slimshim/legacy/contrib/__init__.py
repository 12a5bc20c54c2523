"""What `tensorflow.contrib` held and slim-era programs use, with real behaviour: one file a subject."""
