"""The methods of the lab: one table, hyperparameter classes, published settings; loads neither twin."""
