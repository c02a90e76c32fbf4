"""The keys of load tests: each process of one has the same, without a folder."""

from service.keys import Keys

_SEALING = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
_LOG = "PRIVATE+KEY+load.example+65e5ac28+Af3Riqw6frV9IQA7Br6mzsLWtReXJfFIbUBcyPSjKVtN"
LOAD_KEYS = Keys(sealing=_SEALING, log=_LOG)
