"""What Palette's formats mean, as pure functions of values: settings, charts, manifests, presets, schema, constraints,
kubeadm, and the exchange of whole profiles. Sources of the rules: Palette's public documentation and what its public
packs do; where both are silent, the module that decides says so.
"""
