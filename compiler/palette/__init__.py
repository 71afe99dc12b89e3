"""What Palette's formats mean, as pure functions of values: settings, charts, manifests, presets, schema, constraints,
kubeadm, and Cluster API objects. Sources of the rules: Palette's public documentation and its public packs; where neither
decides, the module states its own choice.
"""
