/** The version in package.json, which a bundle or an image need not have. A test compares them. */
export const VERSION = '0.2.0';
