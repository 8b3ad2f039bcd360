"""A loss of two weights, one run on it, and how the run ended.

expression    typed text -> a sympy expression, through a whitelist
gradient      the derivative of fewest operations
compiled      loss and gradient as functions of floats and arrays
examples      the data of surfaces that are means over examples
table         the rows of SURFACES
surface       ov.surface: a row, or a function of one's own
oracles       the gradient that a step sees: noise, mini-batches
float_loop    a rule as one straight-line loop over Python floats
float_run     one run by such a loop
torch_functions, torch_loss   loss and gradient on tensors; the loss as a tensor with a graph
torch_run     one run by torch.optim itself
descent       ov.descend: several runs from one start
trajectory    what a run gives back
minima        Newton's method: the nearest minimum or saddle, and the lowest known
outcome       how a run ended
"""
