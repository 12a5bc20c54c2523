"""Lifting: a part of a finished TensorFlow 1 graph becomes a function of TensorFlow 2.

A graph is taken as its `GraphDef`. `references` rewrites TensorFlow 1's reference variables as resource
variables. `graph_index` tells which nodes compute some tensors, given others. `lifted_graph` makes
functions of such parts, which share live variables and tables. `obstacles` says what can not be lifted.
"""
