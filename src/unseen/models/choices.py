"""Every model an `AwareDetector` takes."""

from __future__ import annotations

from unseen.models.autoencoder import AutoEncoder
from unseen.models.categorical import CoDVAE
from unseen.models.dirichlet import DirichletVAE
from unseen.models.dual import CoDAE
from unseen.models.qcd_or_what import QcdOrWhat
from unseen.models.vae import VAE

AnyModel = VAE | AutoEncoder | CoDAE | CoDVAE | DirichletVAE | QcdOrWhat
