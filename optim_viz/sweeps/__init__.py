"""Many runs on a surface at once: maps, basins, tuning, theory, and what computes them.

sweep, basins, tuning, theory     ov.sweep, ov.basins, ov.tune, ov.theory
halton, groups                    ov.halton, points beside grids; axes whose values are batches
stream                            ov.sweep_to: results to Parquet files, going on where they end
stress                            ov.stress: every optimizer tuned on every surface
batch                             the loop over blocks of runs
cells                             where numbered runs start, and with which values
singles                           runs of an optimizer without a rule, one after the other
backends                          what a block computes with: NumPy or torch
cuda, cuda_source                 all steps of a block as one kernel on a GPU: launched, and written
cuda_surface, cuda_code           a surface in it; a trace as lines of C
cuda_check                        a kernel's results held to NumPy's before it is used
rates                             the learning rates of a block's steps
steps, tracker                    the steps of a block in reused memory; what is noted of them
placed                            a trace whose results are wanted in certain places
powers                            powers of swept hyperparameters, read from tables
numpy_code, machine_code, llvm    a trace as NumPy code and as machine code
"""
