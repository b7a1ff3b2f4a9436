# The OpenBao of docker-compose.yml (profile "vault"): one node, TLS with your own certificate, an audit log.
# It starts sealed, also after each restart: `docker compose exec openbao bao operator unseal`.
storage "raft" {
  path    = "/openbao/file"
  node_id = "openbao"
}

listener "tcp" {
  address       = "0.0.0.0:8200"
  tls_cert_file = "/openbao/tls/cert.pem"
  tls_key_file  = "/openbao/tls/key.pem"
}

# Who read what, and when; it has hashes in place of values.
audit "file" "to-file" {
  options {
    file_path = "/openbao/logs/audit.log"
  }
}

api_addr     = "https://openbao:8200"
cluster_addr = "https://openbao:8201"
