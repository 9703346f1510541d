"""Makes a Pagure's database and two people in it, prints a token of each, and serves it. PAGURE_CONFIG names its settings."""

import datetime
import sys

import pagure.config
from pagure.flask_app import create_app
from pagure.lib import login, model, model_base, query

port, *people = sys.argv[1:]
config = pagure.config.reload_config()
model.create_tables(config["DB_URL"], None, acls=config["ACLS"])
session = model_base.create_session(config["DB_URL"])
for name in people:
    mail = name + "@example.org"
    user = model.User(user=name, fullname=name, password=login.generate_hashed_value(name), default_email=mail)
    session.add(user)
    session.flush()
    session.add(model.UserEmail(user_id=user.id, email=mail))
    session.commit()
    tomorrow = datetime.date.today() + datetime.timedelta(days=2)
    query.add_token_to_user(session, None, list(config["ACLS"]), name, tomorrow)
    session.commit()
for token in session.query(model.Token):
    print("token", token.user.user, token.id, flush=True)
session.close()
create_app().run(host="127.0.0.1", port=int(port), threaded=True)
