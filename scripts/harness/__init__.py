"""What the demo, the end-to-end tests and the long proofs share: processes, HTTP, the cluster, the terminal."""
