"""How settings code reads the environment: os.environ, django-environ, environs, decouple, configparser, URLs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from leaktight.model import Certainty
from leaktight.project.environment import presumed
from leaktight.project.settings import urls
from leaktight.project.settings.expressions import Expressions
from leaktight.project.settings.methods import boolean, iterate
from leaktight.project.settings.things import Call, Cast, Configured, Reader
from leaktight.project.settings.values import (
    UNKNOWN,
    External,
    Partial,
    Table,
    Thing,
    Val,
    defaulted,
    derive,
    known,
    truth,
    unknown,
    wrap,
)

_READERS: Final = {
    "environ.Env": "environ", "environ.FileAwareEnv": "environ", "environs.Env": "environs", "environs.FileAwareEnv": "environs",
    "decouple.Config": "decouple", "decouple.AutoConfig": "decouple", "starlette.config.Config": "decouple",
    "configparser.ConfigParser": "ini", "configparser.RawConfigParser": "ini", "configparser.SafeConfigParser": "ini",
}  # fmt: skip
_READY: Final = {"decouple.config": "decouple", "environs.env": "environs", "prettyconf.config": "decouple"}
_URLS: Final[dict[str, tuple[Callable[[str], Any], str]]] = {
    "dj_database_url": (urls.database, "DATABASE_URL"),
    "django_cache_url": (urls.cache, "CACHE_URL"),
    "dj_cache_url": (urls.cache, "CACHE_URL"),
    "dj_email_url": (urls.mail, "EMAIL_URL"),
    "django_email_url": (urls.mail, "EMAIL_URL"),
}
_BOOL: Final = known(External("builtins.bool"))
_CSV: Final = known(Cast("csv"))


class Environ(Expressions):
    """Reading the environment."""

    def ready_reader(self, name: str) -> Reader | None:
        """Give the reader a library offers ready made: `decouple.config`."""
        return Reader(_READY[name]) if name in _READY else None

    def call_environ(self, name: str, call: Call) -> Val | None:
        """Call what reads the environment or makes a reader of it; None when the name does neither."""
        module, _, function = name.rpartition(".")
        if module == "os.environ" or name in {"os.getenv", "os.environ[]"}:
            return self._environ(function, call)
        if name in _READERS:
            scheme = {key: self._declared(val) for key, val in call.keywords.items()} if _READERS[name] == "environ" else {}
            return known(Reader(_READERS[name], scheme))
        if module in _URLS and function in {"parse", "config"}:
            return self._url_library(module, function, call)
        if module == "configurations.values":
            return self._configured(function, call)
        if name == "dotenv.dotenv_values":
            return known(External("os.environ"))
        return _CSV if name == "decouple.Csv" else None

    def variable(self, name: Val | None, default: Val | None, *, cast: Val | None = None, prefix: str = "") -> Val:
        """Read an environment variable: by default it is what the code says it is by default."""
        if name is None or not isinstance(name.data, str) or isinstance(name.data, Partial):
            return unknown() if default is None or default.data is UNKNOWN else derive_default(default, "")
        env = prefix + name.data
        if (val := self.environ.get(env)) is not None:
            return val if cast is None else self.cast(cast, val)
        if default is None:
            val = unknown(env)
            return val if cast is None else self.cast(cast, val)
        if cast is not None and isinstance(default.data, str):
            default = self.cast(cast, default)
        elif cast is not None and default.data is not None and data_name(cast) == "builtins.bool":
            default = boolean(default)
        if isinstance(default.data, bool) and (answer := presumed(env, self.environment)) is not None:
            return Val(answer, defaulted(default, env).certainty, (env,), default.span)
        return defaulted(default, env)

    def cast(self, cast: Val, val: Val) -> Val:
        """Convert a text read from the environment."""
        name = data_name(cast)
        if name == "builtins.bool":
            return boolean(val)
        if isinstance(cast.data, Cast) or (name in {"builtins.list", "builtins.tuple"} and isinstance(val.data, str)):
            return _split(val, ",")
        if name == "builtins.dict" and isinstance(val.data, str):
            return derive(UNKNOWN, val)
        return self.call(cast, Call((val,)))

    def _environ(self, function: str, call: Call) -> Val:
        name = call.get(0, "key")
        match function:
            case "get" | "getenv" | "pop":
                return self.variable(name, call.get(1, "default") or known(None))
            case "environ[]":
                return self.variable(name, None)
            case "setdefault" if (env := call.text(0)) and len(call.args) > 1:
                self.environ.setdefault(env, defaulted(call.args[1], env))
                return self.environ[env]
            case "__contains__" if env := call.text(0):
                return known(True) if env in self.environ else defaulted(known(False), env)
            case "copy":
                return known(External("os.environ"))
            case _:
                pass
        return unknown()

    def _declared(self, val: Val) -> tuple[Val | None, Val | None]:
        """Read `DEBUG=(bool, False)` of `environ.Env(…)`."""
        items = iterate(val)
        if items is not None and len(items) == 2 and isinstance(items[0].data, Thing):
            return items[0], items[1]
        return (val, None) if isinstance(val.data, Thing) else (None, val)

    def call_reader(self, reader: Reader, name: str, call: Call) -> Val:
        """Call a method of an object that reads the environment, or the object itself."""
        if reader.library == "ini":
            return self._ini(reader, name, call)
        variable = call.get(0, "var", "name", "option")
        if reader.library == "decouple":
            default = call.get(1, "default")
            cast = call.get(2, "cast")
            if reader.library == "decouple" and cast is None and default is not None and isinstance(default.data, Thing):
                default, cast = call.keywords.get("default"), default  # starlette's order
            return self.variable(variable, default, cast=cast) if name in {"", "get", "[]"} else known(None)
        default = call.keywords.get("default")
        cast = None
        if reader.library == "environ" and name in {"", "list", "tuple", "dict"}:
            cast, default = call.get(1, "cast"), call.get(2, "default")
        elif default is None and len(call.args) > 1:
            default = call.args[1]
        declared = reader.scheme.get(variable.data) if variable is not None and isinstance(variable.data, str) else None
        if declared is not None:
            cast, default = cast or declared[0], default if default is not None else declared[1]
        return self._typed(name, variable, default, cast, reader.prefix, call)

    def _typed(self, name: str, variable: Val | None, default: Val | None, cast: Val | None, prefix: str, call: Call) -> Val:
        for ending, (convert, usual) in {
            "db": _URLS["dj_database_url"], "db_url": _URLS["dj_database_url"], "dj_db_url": _URLS["dj_database_url"],
            "cache": _URLS["dj_cache_url"], "cache_url": _URLS["dj_cache_url"], "dj_cache_url": _URLS["dj_cache_url"],
            "email": _URLS["dj_email_url"], "email_url": _URLS["dj_email_url"], "dj_email_url": _URLS["dj_email_url"],
        }.items():  # fmt: skip
            if name == ending:
                read = self.variable(variable or known(usual), default, prefix=prefix)
                return self.convert_url(convert, read, call)
        if name == "bool":
            return self.variable(variable, default, cast=_BOOL, prefix=prefix)
        if name in {"list", "tuple"}:
            return self.variable(variable, default, cast=_CSV, prefix=prefix)
        if name == "json":
            return self.variable(variable, default, prefix=prefix)
        if name in {"int", "float"}:
            return self.variable(variable, default, cast=known(External(f"builtins.{name}")), prefix=prefix)
        if name in {"", "[]", "str", "get_value", "url", "unicode", "log_level", "enum", "date", "datetime", "timedelta", "dict"}:
            return self.variable(variable, default, cast=cast, prefix=prefix)
        if name in {"read_env", "read_envfile", "seal"}:
            return known(None)
        return unknown()

    def _ini(self, reader: Reader, name: str, call: Call) -> Val:
        if name == "read_dict" and call.args and isinstance(call.args[0].data, Table):
            for section_name, options in call.args[0].data.items.items():
                if isinstance(options.data, Table):
                    defaults = {f"{section_name}.{key}": (None, val) for key, val in options.data.items.items()}
                    reader.scheme = {**reader.scheme, **defaults}
        if not name.startswith("get"):
            return unknown()
        section, option = call.text(0, "section"), call.text(1, "option")
        label = known(f"{section}.{option}") if section and option else None
        fallback = call.keywords.get("fallback") or reader.scheme.get(f"{section}.{option}", (None, None))[1]
        cast = _BOOL if name == "getboolean" else None
        return self.variable(label, fallback, cast=cast)

    # -- URLs ----------------------------------------------------------------------------------

    def _url_library(self, module: str, function: str, call: Call) -> Val:
        convert, usual = _URLS[module]
        if function == "parse":
            return self.convert_url(convert, call.get(0, "url") or unknown(), call)
        read = self.variable(call.get(0, "env") or known(usual), call.get(1, "default"))
        return self.convert_url(convert, read, call)

    def convert_url(self, convert: Callable[..., dict[str, Any] | None], url: Val, call: Call) -> Val:
        """Turn a URL into settings; the arguments next to it are known even when it is not."""
        database = convert is urls.database
        ssl_require = database and truth(call.keywords.get("ssl_require", known(False))) is True
        made = None
        if isinstance(url.data, str):
            made = convert(url.data, ssl_require=True) if ssl_require else convert(url.data)
        data: dict[Any, Any] = made if made is not None else {UNKNOWN: UNKNOWN}
        if ssl_require and made is None:
            data["OPTIONS"] = {"sslmode": "require", UNKNOWN: UNKNOWN}
        table: dict[Any, Val] = {key: wrap(value) for key, value in data.items()}
        if database:
            for keyword in ("conn_max_age", "conn_health_checks", "engine"):
                if keyword in call.keywords:
                    table[keyword.upper()] = call.keywords[keyword]
        if made is None and convert is urls.mail:
            # Whatever the address is, it sets these and no others.
            return known(Table({name: derive(UNKNOWN, url) for name in urls.MAIL_SETTINGS}))
        if made is None and len(table) == 1:
            return url if url.data is UNKNOWN else derive(UNKNOWN, url)
        return Val(Table(table), url.certainty if made is not None else Certainty.KNOWN, url.envs)

    # -- django-configurations -----------------------------------------------------------------

    def _configured(self, kind: str, call: Call) -> Val:
        default = None if kind == "SecretValue" else call.get(0, "default")
        reads = truth(call.keywords.get("environ", known(True))) is not False
        prefix = call.keywords.get("environ_prefix")
        made = Configured(
            kind,
            default,
            call.text(-1, "environ_name"),
            "DJANGO" if prefix is None else prefix.data if isinstance(prefix.data, str) else "",
            reads,
        )
        # With a name of its own the variable is read at once, wherever the value stands.
        return known(made) if made.variable is None else self.configured(known(made), made.variable)

    def configured(self, val: Val, name: str) -> Val:
        """Give the value a declaration of django-configurations has under its name."""
        if not isinstance(val.data, Configured):
            return val
        made = val.data
        default = made.default
        usual = {"DatabaseURLValue": "DATABASE_URL", "CacheURLValue": "CACHE_URL", "EmailURLValue": "EMAIL_URL"}.get(made.kind)
        variable = made.variable or usual or name.upper()
        prefix = f"{made.prefix}_" if made.prefix and usual is None else ""
        cast = _BOOL if made.kind == "BooleanValue" else None
        if not made.reads:
            read = default if default is not None else unknown()
        else:
            if default is None and made.kind != "SecretValue":
                default = known(None)
            read = self.variable(known(variable), default, cast=cast, prefix=prefix)
        if usual is None:
            return read.at(val.span)
        convert = {"DATABASE_URL": urls.database, "CACHE_URL": urls.cache, "EMAIL_URL": urls.mail}[usual]
        made_of = self.convert_url(convert, read, Call())
        if made.kind == "EmailURLValue":
            return made_of.at(val.span)
        return derive_default(known(Table({"default": made_of})), "").at(val.span)


def data_name(val: Val) -> str:
    """Give the dotted name of an outside thing."""
    return val.data.name if isinstance(val.data, External) else ""


def derive_default(val: Val, env: str) -> Val:
    """Give a value that is certain only by default, even when no variable is named."""
    made = defaulted(val, env)
    return replace(made, envs=tuple(name for name in made.envs if name))


def _split(val: Val, separator: str) -> Val:
    if not isinstance(val.data, str) or isinstance(val.data, Partial):
        return val
    words = [word.strip() for word in val.data.split(separator)]
    return derive(wrap([word for word in words if word]).data, val)
