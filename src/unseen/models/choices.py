"""Which models a detector takes: every one that turns rows into a pass.

The Gaussian convolutional auto-encoder of event images is `VAE(Convolution((16, 32, 64, 128)), latent=16,
beta=0.1)` with scaling="energies": beta is twice the variance of the decoder, 0.05 in ln(1 + E_T / 1 GeV).
"""

from __future__ import annotations

from unseen.models.autoencoder import AutoEncoder
from unseen.models.categorical import CoDVAE
from unseen.models.dirichlet import DirichletVAE
from unseen.models.dual import CoDAE
from unseen.models.qcd_or_what import QcdOrWhat
from unseen.models.vae import VAE

AnyModel = VAE | AutoEncoder | CoDAE | CoDVAE | DirichletVAE | QcdOrWhat
