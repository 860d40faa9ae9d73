import 'reflect-metadata';
import { IsOptional } from 'class-validator';
import { describe, expect, it } from '@jest/globals';
import { BodyPipe, IsText } from './validation.js';

class Note {
  @IsText()
  text!: string;

  @IsOptional()
  @IsText()
  author?: string | null;
}

const check = (body: unknown) => new BodyPipe().transform(body, { type: 'body', metatype: Note });

describe('BodyPipe', () => {
  it('turns a valid body into its DTO', async () => {
    const note = await check({ text: 'x', author: null });
    expect(note).toBeInstanceOf(Note);
    expect({ ...(note as Note) }).toEqual({ text: 'x', author: null });
  });

  it.each<[string, unknown, string]>([
    ['a missing body', undefined, `Field 'text' is required`],
    ['an invalid field before an unknown field', { other: 1, author: 7, text: 'x' }, `Field 'author' must be a string`],
    ['the first of several invalid fields', { author: 7, text: {} }, `Field 'text' must be a string`],
    [
      'a field named __proto__',
      JSON.parse('{"text":"x","__proto__":{"author":"y"}}'),
      `Field '__proto__' is not allowed`,
    ],
    ['an inherited field', Object.create({ text: 'x' }), `Field 'text' is required`],
    [
      'an unknown name of 101 characters, cut in the error',
      { text: 'x', ['é'.repeat(101)]: 1 },
      `Field '${'é'.repeat(100)}…' is not allowed`,
    ],
    [
      'an unknown name of 101 characters, cut before a flag that does not fit',
      { text: 'x', [`${'a'.repeat(99)}🇩🇪`]: 1 },
      `Field '${'a'.repeat(99)}…' is not allowed`,
    ],
  ])('refuses %s', async (_, body, message) => {
    await expect(check(body)).rejects.toThrow(message);
  });

  it.each(['text', 'author', 'other'])('does not look into an object in the field %s', async (name) => {
    let reads = 0;
    const count = () => (reads += 1) < 0;
    const members = new Proxy([{}, {}], { ownKeys: () => (count(), ['length']), get: () => count(), has: count });
    await expect(check({ text: 'x', [name]: members })).rejects.toThrow(`Field '${name}'`);
    expect(reads).toBe(0);
  });
});
