/**
 * Who may read a repository in Volt: `public`: everybody; `internal`: all who may read by VOLT_READING; `private`: only
 * people with a role there, tokens that name it, and administrators.
 */
export const visibilities = ['internal', 'private', 'public'] as const;

export type Visibility = (typeof visibilities)[number];
