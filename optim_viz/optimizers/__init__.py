"""The update rules, their table, schedules and looks: what an optimizer is, with no surface or network in sight.

rules             the update rules, each written once for floats, arrays and tensors
lbfgs             L-BFGS, which looks at the gradient several times a step
strong_wolfe      its line search
trace             what a rule does, as a list of operations that code is written from
row, table        what a row of OPTIMIZERS holds: rule, hyperparameters, formula, style, card; the table
adam_family       the rows of Adam and its variants
matrix_rows       the rows that take a matrix of weights as a whole: Muon, Adafactor
muon              Muon on matrices and AdamW on biases, as one optimizer
clipping          what is done to a gradient before an optimizer sees it, as in torch.nn.utils
hyperparameters   the hyperparameters that several rows share, with their ranges
specs             ov.optimizer: a checked row with its values
rates, schedules  how learning rates change; the SCHEDULES table and ov.schedule
schedule_row, schedule_rows   what a row of SCHEDULES holds; those that stand alone
factors, typed_rows           factors typed as a formula of the step, and the schedules of them
composed_text, composed_rows  schedules made of schedules, as one line of text, and what they do
cycled            the momentum that a schedule cycles against the rate
milestones        a schedule's numbered settings, any number of them
plateau           the one schedule that watches the losses
calls             what a class is called with: as an object, and as the text of a script
as_torch          torch's own optimizer and scheduler, as objects and as text
packages          optimizers of the package pytorch_optimizer by name
asks              what they ask of a loop, for their scripts
trials            which of them run on a surface, and which on a network
own               a factory of the user's own, and the lr that it takes
identity          what tells it from any other, in the next process too
stepper, streams  how any torch.optim.Optimizer is stepped, a stranger's too; draws of its own
styles            colour, dash and marker of every run
"""
