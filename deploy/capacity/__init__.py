"""What a deployment of any size needs and costs: a model whose inputs were measured, `python -m deploy.capacity`."""
