/** Of 127.0.0.1, for a hundred years, signed by itself; made by openssl-req(1) for the tests alone. */
const own = {
  key: `MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNylLR+hCtJ4PkJVfrXByt68KreCchiEBWGcXr5XTA7uhRANCAARpD+bE+BL7DUZkHMjZYIv/AxUFm3pZav4sL1KFIU1EwpJ+FwhqcP1veQEaIhk9mcpijUcRxCvfIW0uD8N8kcM4`,
  certificate: `MIIBkDCCATagAwIBAgIUJ/8xsfujfO1SyMVSbVcF6viFSKEwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEzMDA1MDMzN1oYDzIxMjYxMTA2MDUwMzM3WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARpD+bE+BL7DUZkHMjZYIv/AxUFm3pZav4sL1KFIU1EwpJ+FwhqcP1veQEaIhk9mcpijUcRxCvfIW0uD8N8kcM4o2QwYjAdBgNVHQ4EFgQUqNy+FOeI1hQJPoPhjdCuBDuvxpIwHwYDVR0jBBgwFoAUqNy+FOeI1hQJPoPhjdCuBDuvxpIwDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUCIAh4j/gl++1M5CGUSlM7uHDftydIy6AczNPInnCCTx27AiEA4LDorGT/kriW82LHCUALa93gR83VQHLJOuUPxrAy490=`,
};
const pem = (kind: string, base64: string) =>
  `-----BEGIN ${kind}-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END ${kind}-----\n`;

/** For a server of https at 127.0.0.1; clients trust it if `cert` is one of their authorities. */
export const ownCertificate = { key: pem('PRIVATE KEY', own.key), cert: pem('CERTIFICATE', own.certificate) };
