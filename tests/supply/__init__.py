"""What is installed where Minois runs: known vulnerabilities and licences of the packages."""
