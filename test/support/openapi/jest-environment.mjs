import { TestEnvironment } from 'jest-environment-node';
import { listSchemaErrors } from './schema-checks.mjs';

/**
 * The environment of Node, and the schemas of openapi.json. Test files have modules of their own, so each would compile
 * the schemas again.
 */
// oxlint-disable-next-line import/no-default-export -- Jest takes the default export.
export default class extends TestEnvironment {
  constructor(...given) {
    super(...given);
    this.global.listSchemaErrors = listSchemaErrors;
  }
}
