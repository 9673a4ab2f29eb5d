"""IPPanel for Apprise (1.9 to 2): ``ippanel://KEY@FROM/TO1/TO2``.

>>> import apprise
>>> from ippanel_provider.apprise_plugin import register
>>> register()                                                               # doctest: +SKIP
>>> apprise.Apprise("ippanel://KEY@+983000505/09120000000").notify("سلام")   # doctest: +SKIP

Tools that know nothing of this package find the scheme through ``ippanel apprise install``.
"""

from ippanel_provider.extras import need

need("apprise", "apprise")

from ippanel_provider.apprise_plugin.plugin import NotifyIPPanel  # noqa: E402
from ippanel_provider.apprise_plugin.registration import register  # noqa: E402

__all__ = ["NotifyIPPanel", "register"]
