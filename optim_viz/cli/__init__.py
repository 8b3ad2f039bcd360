"""The command line: the app, and comparisons, trainings and sweeps from a shell, as a table or as a file.

main            which commands there are, and what happens when one is given
runs            optimizers side by side: compare, train, matrix
studies         many runs: sweep, stress
serving         the app, and a site without a server: serve, site
asked           the arguments that several commands share, and what they ask for
told            tables, files and bars
"""
