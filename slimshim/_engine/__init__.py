"""What stands behind `learning`, `training` and `evaluation`: engines that drive the steps.

The session engine (`session`, `plan`) drives a train op of a `tf.Graph`. `train_op` builds such
ops. `train_step` makes a function that computes a loss into a step under a `tf.GradientTape`,
and `tape_loop` drives it, with what the files `tape_*` keep.
`evaluation` reads the checkpoints that training leaves. The faces only unpack arguments.
"""
