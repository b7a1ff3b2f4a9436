# All that Sallyport needs of HashiCorp Vault or OpenBao, for SALLYPORT_VAULT_MOUNT=secret and
# SALLYPORT_VAULT_PREFIX=sallyport. Nothing here deletes a name with its history, or takes a destroyed version back.

# The values: read, and appended to with check-and-set.
path "secret/data/sallyport/*" {
  capabilities = ["create", "read", "update"]
}

# Versions and names; how many versions are kept, and which is in use.
path "secret/metadata/sallyport/*" {
  capabilities = ["create", "read", "update", "patch", "list"]
}

# One version's value, for good: credentials that an incident has ended.
path "secret/destroy/sallyport/*" {
  capabilities = ["update"]
}

# Whether the mount would drop old versions.
path "secret/config" {
  capabilities = ["read"]
}

# Its own token. Both are in the "default" policy too, for tokens that have it.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}

path "auth/token/renew-self" {
  capabilities = ["update"]
}
