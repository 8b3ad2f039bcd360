"""What people type as a formula, read and never run: surfaces and schedules are typed in two dialects of one grammar.

dialect   what may be typed in a place: its letters, its functions, and what is said of the rest
pasted    a formula as people paste it, in the grammar that Python reads
reader    the syntax tree of it, walked node by node with a table of what each may be
"""
