"""A loss of two weights, one run on it, and how the run ended.

functions     the functions that may be typed, one row each
expression    typed text -> a sympy expression, through a whitelist
gradient      the derivative of fewest operations
compiled      loss and gradient as functions of floats and arrays
latex         a formula as people write it
traced        the same as operations, in the order of the floats
bounded       whether a typed function can be compiled in a time that has an end
examples      the data of surfaces that are means over examples
table         the rows of SURFACES
surface       ov.surface: a row, or a function of one's own
oracles       the gradient that a step sees: noise, mini-batches
float_loop    a rule as one straight-line loop over Python floats
float_run     one run by such a loop
closure_run   one run that looks at the gradient several times a step
torch_functions, torch_loss   loss and gradient on tensors; the loss as a tensor with a graph
torch_run     one run by torch.optim itself
descent       ov.descend: several runs from one start
trajectory    what a run gives back
minima        Newton's method: the nearest minimum or saddle of many points, and the lowest known
second        exact second derivatives, compiled late
level         the level place next to the end of a run, and what kind of place it is
outcome       how a run ended
"""
