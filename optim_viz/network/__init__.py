"""Networks: the digits' MLP and any torch module; their trainings, recordings, planes, segments and sharpness.

digits, digit_files, uploads   the digits: shipped, from files, from visitors
device                         where it is computed: on a GPU when there is one
mlp                            the network: forward and backward in one pass
train                          ov.train: all optimizers from the same weights on the same batches
one_run, growing_run, aside    one optimizer's run, what is noted while it grows, and by whom
own_steps                      the steps of a stranger's optimizer: a plain torch loop
training                       what a training gives back
recorder, snapshots            ov.record: a training of any module in its owner's loop, in bounded memory
recording, recording_files     what a recording gives back; ov.load, and its file
recording_parts, opened        what such a file has to hold; one that a visitor opens
callbacks                      a recorder in Lightning's and Hugging Face's Trainers
module_weights, module_loss    any module's weights as one vector, and its loss as a function of them
chunks                         that loss at many points, in whichever way is fastest
project                        ov.project: the paths of trainings or recordings on a plane of weights
plane, plane_loss, pca         the plane with its paths and gauges; the built-in network's losses on it; its axes
between                        ov.between: the loss on the straight line between two ends
sharpness, seen, hessian       ov.sharpness: the largest eigenvalues along runs; what is looked at; products with H
curvature                      what ov.sharpness gives back
replay                         a training of the built-in network once more, for what its optimizer divides by
edges                          how sharp a loss may be before an optimizer's steps swing ever wider
matrix_task, matrix_runs        ov.matrix_task: one matrix, some of whose directions are rarely asked for
by_seed                        results with a run for every optimizer and seed
rate_sweep                     ov.train_sweep: one training a learning rate, on this machine or others
"""
