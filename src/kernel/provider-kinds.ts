/**
 * The kinds of providers that people sign in at. `usual` is the address where none is given, `scopes` what Volt asks for: to
 * know who somebody is, the verified addresses of mail, and groups. Sources: OpenID Connect Core 1.0, 5.4; GitHub's page "Scopes
 * for OAuth apps"; Gitea's page "OAuth2 provider".
 */
export const providerKinds = {
  oidc: { title: 'OpenID Connect', usual: undefined, scopes: 'openid profile email' },
  github: { title: 'GitHub', usual: 'https://github.com', scopes: 'read:user user:email read:org' },
  gitea: { title: 'Gitea', usual: undefined, scopes: 'read:user read:organization' },
  forgejo: { title: 'Forgejo', usual: undefined, scopes: 'read:user read:organization' },
} as const;
export type ProviderKind = keyof typeof providerKinds;
