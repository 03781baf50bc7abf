"""What only the GAN tasks need."""
