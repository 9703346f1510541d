import type { Context } from 'hono';
import { VoltError } from '../../../kernel/errors.ts';
import { setBlocked } from '../../../record/people.ts';
import { preparePerson, removePerson, renamePerson } from '../../../record/people-admin.ts';
import { addAddress, removeAddress } from '../../../record/person-addresses.ts';
import type { WebEnv } from '../../access/env.ts';
import { newPerson, personChange } from '../../schemas/people.ts';
import type { Web } from '../../services.ts';
import { refusalOf, requestFrom, sentFields } from '../fields/sent-form.ts';
import { answerPeople } from './people.tsx';
import { answerPerson } from './person.tsx';
import { type PersonFields, personFields } from './person-form.tsx';

/** Handles the form of a new person: shows it again with what is wrong, or leads to the person. */
export async function addPersonFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const fields: PersonFields = await sentFields(context, personFields);
  context.set('target', fields.name ?? '');
  try {
    const { name, displayName = name, identity } = requestOf(fields);
    await preparePerson(web.database, { name, displayName, identity });
    return context.redirect(`/people/${name}`, 303);
  } catch (error) {
    return answerPeople(context, web, { fields, refused: refusalOf(context, error) });
  }
}

/** Handles the buttons that keep a person out and let the person in again. */
export async function blockFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return act(context, web, async (name) => (await setBlocked(web.database, name, true)).name);
}

export async function unblockFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return act(context, web, async (name) => (await setBlocked(web.database, name, false)).name);
}

/** Handles the button that removes a person. */
export async function removePersonFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await removePerson(web.database, context.req.param('name') ?? '');
  return context.redirect('/people', 303);
}

/** Handles the form that renames a person. */
export async function renamePersonFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const fields = await sentFields(context, ['name']);
  return act(
    context,
    web,
    async (name) => {
      const { name: wanted } = requestFrom(personChange, fields);
      await renamePerson(web.database, name, wanted);
      context.set('target', `${name}, now ${wanted}`);
      return wanted;
    },
    fields,
  );
}

/** Handles the forms that give a person a mail address, and take one away. */
export async function addAddressFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return withAddress(context, web, (name, address) => addAddress(web.database, name, address));
}

export async function removeAddressFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return withAddress(context, web, (name, address) => removeAddress(web.database, name, address));
}

async function withAddress(
  context: Context<WebEnv>,
  web: Web,
  change: (name: string, address: string) => Promise<void>,
): Promise<Response> {
  const fields = await sentFields(context, ['address']);
  return act(
    context,
    web,
    async (name) => {
      context.set('target', `${name} ${fields.address}`);
      await change(name, fields.address);
      return name;
    },
    fields,
  );
}

/**
 * Does something to the person of the path, and shows the person, or what is wrong.
 * @param change answers the name that the person has then
 * @param fields what was typed into the form
 */
async function act(
  context: Context<WebEnv>,
  web: Web,
  change: (name: string) => Promise<string>,
  fields: { name?: string; address?: string } = {},
): Promise<Response> {
  const name = context.req.param('name') ?? '';
  try {
    return context.redirect(`/people/${await change(name)}`, 303);
  } catch (error) {
    if (error instanceof VoltError && error.code === 'not_found') throw error;
    return answerPerson(context, web, name, { fields, refused: refusalOf(context, error) });
  }
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request` */
function requestOf({ name, displayName, provider, subject }: PersonFields) {
  const identity = provider || subject ? { provider, subject } : undefined;
  return requestFrom(newPerson, { name, displayName: displayName || undefined, identity });
}
