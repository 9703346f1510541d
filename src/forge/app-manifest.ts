import { apiAddress } from '../kernel/forge-kinds.ts';
import { hostIn } from './answer.ts';
import type { AppPermissions } from './app-tokens.ts';
import { ForgeFault } from './fault.ts';
import { ForgeClient } from './request.ts';

/** GitHub's own App registration from a manifest, https://docs.github.com/en/apps/sharing-github-apps. */
export interface AppManifest {
  name: string;
  url: string;
  description: string;
  redirect_url: string;
  setup_url?: string;
  public: boolean;
  default_permissions: AppPermissions;
  hook_attributes?: { url: string; active: boolean };
  default_events?: string[];
}

/** What a person asks for of an App. */
export interface WantedApp {
  name: string;
  /** address of Volt for people and GitHub, without a slash at its end; undefined where only this machine can reach it */
  site: string | undefined;
  /** where GitHub sends the browser when the App is made */
  redirect: string;
  /** path of its webhook at the site */
  hook: string;
  /** whether jobs may get tokens that write */
  writes: boolean;
}

/** What Volt does itself, and what jobs may read. */
const readPermissions: AppPermissions = {
  checks: 'write',
  statuses: 'write',
  contents: 'read',
  pull_requests: 'read',
  issues: 'read',
  metadata: 'read',
};
/** What most workflows that write do: releases, pull requests, comments, deployments, packages. */
const writePermissions: AppPermissions = {
  contents: 'write',
  pull_requests: 'write',
  issues: 'write',
  deployments: 'write',
  packages: 'write',
};
/** GitHub sends what happens to checks to each App that sets them. */
const events = ['push', 'pull_request', 'create', 'delete', 'release', 'issues', 'issue_comment'];

/** A GitHub that Apps can be made at. */
export interface AppHost {
  /** where people are, without a slash at its end */
  web: string;
  api: string;
}

/** @returns undefined if it is no address of a GitHub */
export function appHost(address: string): AppHost | undefined {
  const api = apiAddress('github', address);
  if (api === undefined) return undefined;
  const web = api === 'https://api.github.com' ? 'https://github.com' : api.replace(/\/api\/v3$/, '');
  return { web, api };
}

/** Where a browser sends the manifest. @param organization whose App it is; undefined for that of the person */
export function manifestAddress({ web }: AppHost, organization: string | undefined, state: string): string {
  const owner = organization === undefined ? '' : `/organizations/${encodeURIComponent(organization)}`;
  return `${web}${owner}/settings/apps/new?state=${state}`;
}

/** Without a site, GitHub has nowhere to send the calls of a webhook. */
export function appManifest({ name, site, redirect, hook, writes }: WantedApp): AppManifest {
  return {
    name,
    url: site ?? 'http://127.0.0.1',
    description: 'Volt CI tests the commits and pull requests of your repositories.',
    redirect_url: redirect,
    public: false,
    default_permissions: { ...readPermissions, ...(writes && writePermissions) },
    ...(site !== undefined && {
      setup_url: `${site}/forges`,
      hook_attributes: { url: site + hook, active: true },
      default_events: events,
    }),
  };
}

/** An App as GitHub has made it. */
export interface MadeApp {
  id: number;
  page: string;
  key: string;
  /** null without a webhook */
  webhookSecret: string | null;
}

/**
 * Gets what proves the App that GitHub has made of a manifest, once.
 * @param code that the browser has brought from GitHub
 * @throws ForgeFault
 */
export async function convertManifest({ web, api }: AppHost, code: string, timeout: number): Promise<MadeApp> {
  const what = 'asking for the App that was made';
  const client = new ForgeClient(
    { kind: 'github', api, token: code },
    { accept: 'application/vnd.github+json' },
    timeout,
  );
  const path = `/app-manifests/${encodeURIComponent(code)}/conversions`;
  const { status, json } = await client.ask({ method: 'POST', path }, [201, 404, 422], what);
  if (status !== 201) {
    throw new ForgeFault(
      'forge_refused',
      `${hostIn(api)} does not know the code of this App, or has answered it before`,
      {
        scope: 'forge',
        remedy:
          'A code is good once, for an hour: begin again. An App that is there without Volt can be removed at GitHub.',
      },
    );
  }
  const { id, html_url: page, pem: key, webhook_secret: secret } = Object(json) as { [name: string]: unknown };
  const isPage = typeof page === 'string' && page.startsWith(`${web}/`) && /^[^\s"'<>]{1,500}$/.test(page);
  if (typeof id === 'number' && Number.isSafeInteger(id) && isPage && typeof key === 'string')
    return { id, page, key, webhookSecret: typeof secret === 'string' && secret !== '' ? secret : null };
  throw new ForgeFault('forge_refused', `${hostIn(api)} does not answer as GitHub does to ${what}`, {
    scope: 'forge',
    remedy: 'Check the address of GitHub, and whether a proxy answers in its name.',
  });
}
