import * as z from 'zod';
import { provider } from '../../kernel/model/provider-shapes.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

const shown = provider.extend({
  redirectUri: z.string().meta({ description: 'where the provider must be allowed to send browsers back to' }),
});
export const oneProvider = name('Provider', shown);

export const providerList = name('ProviderList', z.object({ providers: z.array(oneProvider), next }));

export const clientId = z.string().min(1).max(500).meta({ description: 'what the provider calls Volt' });
export const providerGiven = {
  title: z.string().trim().min(1).max(60).optional().meta({
    description: 'what its button says; by default its name, or that of the kind of forge',
  }),
  clientSecret: z
    .string()
    .regex(/^[\x20-\x7e]{1,1000}$/, 'has characters that no client secret has')
    .optional()
    .meta({ description: 'Volt never shows it again' }),
  groupsClaim: z.string().min(1).max(200).optional().meta({
    description: 'the claim that has the groups of a person; by default `groups`; only with OpenID Connect',
  }),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'is no name of a scope'))
    .max(20)
    .optional()
    .meta({ description: 'what Volt asks for besides what it always does' }),
};

export const providerRequest = name(
  'ProviderRequest',
  z.object({
    name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
    kind: provider.shape.kind,
    url: z.string().min(1).max(1000).optional().meta({
      description: 'the issuer with OpenID Connect, else the address of the forge; GitHub has one by default',
    }),
    allowHttp: z.boolean().default(false).meta({ description: 'whether the address may be http on another machine' }),
    clientId,
    ...providerGiven,
  }),
);

export const providerChange = name('ProviderChange', z.object({ clientId: clientId.optional(), ...providerGiven }));

export const providerCheck = name(
  'ProviderCheck',
  z.object({
    name: z.string(),
    redirectUri: shown.shape.redirectUri,
    hints: z.array(z.string()).meta({ description: 'what may be amiss, though people can sign in' }),
  }),
);
