/** Why a certificate is not believed, on its way to a verdict. */
export class CertificateRefusal extends Error {}
