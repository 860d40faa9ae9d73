/** Variables for npm. In a new home folder it would ask its registry for a newer npm, and tests have no network. */
export const NPM_VARIABLES = { npm_config_update_notifier: 'false' };
