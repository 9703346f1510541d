/** The value of the header for a token; where it has a colon, it is a user name and a password. */
export function basicOrBearer(token: string): string {
  return token.includes(':') ? `Basic ${Buffer.from(token).toString('base64')}` : `Bearer ${token}`;
}
