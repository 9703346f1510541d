import * as z from 'zod';
import { type ProviderKind, providerKinds } from '../provider-kinds.ts';
import { time } from './shapes.ts';

/** What people see of a provider that people sign in at. */
export const provider = z.object({
  name: z.string().meta({ description: 'groups that it tells are written NAME/GROUP' }),
  kind: z.enum(Object.keys(providerKinds) as [ProviderKind, ...ProviderKind[]]),
  title: z.string().meta({ description: 'what its button on the sign-in page says' }),
  url: z.string().meta({ description: 'its issuer with OpenID Connect, else its address' }),
  clientId: z.string(),
  hasSecret: z.boolean().meta({ description: 'whether Volt has a client secret' }),
  groupsClaim: z
    .string()
    .nullable()
    .meta({ description: 'the claim that has the groups; null where Volt asks an API' }),
  scopes: z.array(z.string()).meta({ description: 'what Volt asks for' }),
  createdBy: z.string(),
  createdAt: time,
});
export type Provider = z.output<typeof provider>;
