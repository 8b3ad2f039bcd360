"""The digits' MLP, its trainings, and the plane of weights through one.

digits, digit_files, uploads   the digits: shipped, from files, from visitors
device                         where it is computed: on a GPU when there is one
mlp                            the network: forward and backward in one pass
train                          ov.train: all optimizers from the same weights on the same batches
one_run, growing_run, aside    one optimizer's run, what is noted while it grows, and by whom
own_steps                      the steps of a stranger's optimizer: a plain torch loop
training                       what a training gives back
plane, plane_loss, pca         ov.project: the paths and the loss on a plane of weights
rate_sweep, executor           ov.train_sweep: one training a learning rate, on this machine or others
"""
