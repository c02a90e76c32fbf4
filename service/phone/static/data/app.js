// The app's name and version, as the server lists it (X-App) and each record carries it: the folder that it came from.

const version = /\/phone\/files\/([0-9A-Za-z._-]+)\//.exec(import.meta.url)?.[1] ?? '0';

export const APP = `doorstep-phone ${version.slice(0, 12)}`;
