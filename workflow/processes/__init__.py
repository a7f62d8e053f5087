"""The processes of one installation: who a worker is, which workers live, how they are asked to stop."""
