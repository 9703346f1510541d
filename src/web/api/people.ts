import * as z from 'zod';
import { setBlocked } from '../../record/people.ts';
import { personDetails, preparePerson, removePerson, renamePerson } from '../../record/people-admin.ts';
import { pageOfPeople } from '../../record/people-search.ts';
import { addAddress, removeAddress } from '../../record/person-addresses.ts';
import { handle, newPerson, onePerson, peopleList, peopleQuery, personChange } from '../schemas/people.ts';
import { done } from '../schemas/terms.ts';
import { jsonRoute } from './route.ts';

const ofPerson = z.object({ name: handle });
const ofAddress = z.object({ name: handle, address: z.string().min(1).max(254) });

const list = jsonRoute({
  method: 'get',
  path: '/people',
  summary: 'The people who sign in, by name',
  confidential: true,
  role: 'admin',
  query: peopleQuery,
  answer: peopleList,
  handle: async ({ query }, { database }) => pageOfPeople(database, query),
});

const add = jsonRoute({
  method: 'post',
  path: '/people',
  summary: 'Add somebody who has not signed in yet',
  body: newPerson,
  status: 201,
  answer: onePerson,
  errors: ['name_taken', 'not_found', 'conflict', 'too_large'],
  handle: async ({ body: { displayName, ...given } }, { database }) => {
    await preparePerson(database, { ...given, displayName: displayName ?? given.name });
    return personDetails(database, given.name);
  },
});

const one = jsonRoute({
  method: 'get',
  path: '/people/:name',
  summary: 'A person, with identities, groups and addresses',
  confidential: true,
  role: 'admin',
  params: ofPerson,
  answer: onePerson,
  errors: ['not_found'],
  handle: async ({ params }, { database }) => personDetails(database, params.name),
});

const rename = jsonRoute({
  method: 'patch',
  path: '/people/:name',
  summary: 'Give a person another name; the audit log keeps the old one where it is',
  params: ofPerson,
  body: personChange,
  answer: onePerson,
  auditedTarget: ({ name }, { name: before }) => `${before}, now ${name}`,
  errors: ['not_found', 'name_taken', 'too_large'],
  handle: async ({ params, body }, { database }) => {
    await renamePerson(database, params.name, body.name);
    return personDetails(database, body.name);
  },
});

const remove = jsonRoute({
  method: 'delete',
  path: '/people/:name',
  summary: 'Remove a person with all rights, tokens and sessions; who signs in again is somebody new',
  params: ofPerson,
  answer: done,
  errors: ['not_found'],
  handle: async ({ params }, { database }) => {
    await removePerson(database, params.name);
    return { done: true as const };
  },
});

const block = jsonRoute({
  method: 'post',
  path: '/people/:name/block',
  summary: 'Keep a person out, and end all sessions of the person',
  params: ofPerson,
  answer: onePerson,
  errors: ['not_found'],
  handle: async ({ params: { name } }, { database }) => {
    await setBlocked(database, name, true);
    return personDetails(database, name);
  },
});

const unblock = jsonRoute({
  method: 'post',
  path: '/people/:name/unblock',
  summary: 'Let a person sign in again',
  params: ofPerson,
  answer: onePerson,
  errors: ['not_found'],
  handle: async ({ params: { name } }, { database }) => {
    await setBlocked(database, name, false);
    return personDetails(database, name);
  },
});

const giveAddress = jsonRoute({
  method: 'put',
  path: '/people/:name/addresses/:address',
  summary: 'Say that commits with a mail address are those of a person',
  params: ofAddress,
  answer: onePerson,
  errors: ['not_found', 'conflict'],
  handle: async ({ params: { name, address } }, { database }) => {
    await addAddress(database, name, address);
    return personDetails(database, name);
  },
});

const takeAddress = jsonRoute({
  method: 'delete',
  path: '/people/:name/addresses/:address',
  summary: 'Take a mail address away from a person',
  params: ofAddress,
  answer: onePerson,
  errors: ['not_found'],
  handle: async ({ params: { name, address } }, { database }) => {
    await removeAddress(database, name, address);
    return personDetails(database, name);
  },
});

export const peopleRoutes = [list, add, one, rename, remove, block, unblock, giveAddress, takeAddress];
