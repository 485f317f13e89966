"""Which models a detector takes: every one that turns rows into a pass."""

from __future__ import annotations

from unseen.models.autoencoder import AutoEncoder
from unseen.models.dirichlet import DirichletVAE
from unseen.models.qcd_or_what import QcdOrWhat
from unseen.models.vae import VAE

AnyModel = VAE | AutoEncoder | DirichletVAE | QcdOrWhat
